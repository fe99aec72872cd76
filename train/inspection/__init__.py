"""What is wrong with a folder of photos, before it costs a day: `inspect(folder)` looks, changes nothing, and needs no network.

listing → scan (one pass) → duplicates, quality, shortcuts → labels (needs torch) → report. One detector is one module; the scan and all
but `labels` work without torch.
"""
