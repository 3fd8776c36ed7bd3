"""The built site is looked at as readers' browsers show it."""
