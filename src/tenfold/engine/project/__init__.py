"""Artefacts as pure functions of a definition, one file each."""
