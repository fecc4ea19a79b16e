"""The statistician's desk: from an idea to a measure's file, on a terminal or in a form.

Writes ``sources/`` and what it keeps of the sources' own lists; fetches figures only to propose bounds from them.
"""
