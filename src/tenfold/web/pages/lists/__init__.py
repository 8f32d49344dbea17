"""Lists of a type: as a table, a board or a calendar, filtered, arranged, saved, and acted upon."""
