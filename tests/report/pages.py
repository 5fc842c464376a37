"""What a browser would make of a page: every element and attribute, as its parser reads them."""

from html.parser import HTMLParser

VOID = {"meta"}


class Elements(HTMLParser):
    """All elements of a page; one that is not closed in its turn is a fault of ours."""

    def __init__(self, page):
        super().__init__()
        self.found, self.open, self.text, self.faults = [], [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        self.text.append(data)

    @property
    def names(self):
        """The names of the elements there are."""
        return {tag for tag, _ in self.found}

    @property
    def attributes(self):
        """(element, attribute, value) of all."""
        return [(tag, name, value or "") for tag, attrs in self.found for name, value in attrs.items()]

    @property
    def said(self):
        """All that is read."""
        return " ".join(self.text)
