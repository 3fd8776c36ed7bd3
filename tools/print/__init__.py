"""The whole book on paper: the pages of the built site as one PDF, printed by a browser."""
