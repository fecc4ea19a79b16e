"""Raw answers on disk: well-formed and what was asked for, written whole, and what changed since last time. Plausibility is not judged here."""
