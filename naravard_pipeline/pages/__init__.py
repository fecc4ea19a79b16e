"""What the pages of a release share: how they look and how they write numbers. Not here: what any page says."""
