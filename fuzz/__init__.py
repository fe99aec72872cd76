"""Fuzzing of everything that reads somebody else's bytes: `make fuzz`, or `python -m fuzz --help`.

    targets.py   what is called, and what must hold of the answer
    corpus.py    the files that mutations start from
    one.py       one target in a process of its own, driven by atheris (libFuzzer)
    __main__.py  all targets one after the other; a line each

The short run, by hypothesis and without atheris, is tests/fuzz. To add a target, write a function in targets.py that
raises on any input that breaks a promise, and give it seeds in corpus.py.
"""
