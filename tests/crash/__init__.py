"""The proof of crash safety: a publication is killed, starved and raced at exact points, while readers in other processes look on.

``prove.py`` is the command; the tests run it with fewer points. It rests on as little of the publication
as it can: a home, ``tests/publishing.py`` to build in it, ``publish()``, and what readers are promised.
"""
