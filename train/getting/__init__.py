"""Getting photos: known sets (`fetch`), and photos of one class from addresses or a folder (`collect`).

The only place of this package that speaks to a network, and only when a command of that name was given.
"""
