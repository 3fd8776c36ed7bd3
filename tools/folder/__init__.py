"""The built site as a folder that one takes along: `make zip`."""
