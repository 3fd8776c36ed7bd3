"""Whether everyone can read a page once it has answered, in both themes."""

from tools.site.browser import RULES, RUN_AXE, WIDEST, WIDTH


def faults_when_answered(look, page, within):
    """What is wrong with an open page, on a desk and on a phone, in light and in the dark.

    Parameters
    ----------
    look : Looker
        Which knows axe.
    page : Page
        As it stands open; it is left in light, at desktop width.
    within : str
        The part that axe looks at.
    """
    found = []
    page.evaluate(look.axe)
    page.emulate_media(reduced_motion="reduce")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for theme in ("dark", "light"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            page.wait_for_timeout(200)
            if (wider := page.evaluate(WIDTH)) > 0:
                found.append(f"{width} px: {wider} px too wide: {page.evaluate(WIDEST)}")
            told = page.evaluate(RUN_AXE, [within, RULES, True])
            for violation in told["violations"]:
                node = violation["nodes"][0]
                found.append(f"{width} px, {theme}: {violation['id']}: {node['html'][:200]}")
    return found
