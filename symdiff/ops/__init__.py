"""The operations: ``kinds`` (families of rows), ``scalar`` and ``tensor`` (the rows)."""
