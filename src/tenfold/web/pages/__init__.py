"""The pages: HTML made on the server, whole without JavaScript, quicker with it.

Handlers make view models (frozen dataclasses) and hand them to templates that decide nothing.
"""
