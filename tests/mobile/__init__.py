"""The mobile kit, executed: what an app embeds gives Python's answer."""
