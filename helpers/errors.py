"""The one error this module raises on purpose."""


class InputError(ValueError):
    """Something in your input stands in the way.

    The message names the column, cluster or option at fault and says what to do about it.
    """
