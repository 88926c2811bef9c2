"""JSON Schema, by the library `jsonschema`, which is loaded when the first schema comes."""
