"""What a network sees: `pipeline.explain(run, photo, …)` writes pictures and one page to teach from.

One method is one module: `stages` (feature maps), `filters`, `heat`, `occlusion`. Each gives arrays of numbers and
knows nothing of pictures; `pictures` colours them and `page` writes the HTML.
"""
