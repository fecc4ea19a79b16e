"""From the sources of «Nära vård» to a published, checked database."""

__version__ = "0.1.0"
