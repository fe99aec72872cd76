"""Putting a folder of photos right by hand: photos are moved, never deleted, and every move can be undone.

moving (one file, never over another) → journal (what was moved, and back again) → workbench (what to look at) → server (the page).
"""
