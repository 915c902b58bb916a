"""XML that declares nothing, so that nothing in it expands."""

from __future__ import annotations

from xml.etree import ElementTree

from ._files import FormatError, PathLike, read_text


def read_xml(path: PathLike, expected: str) -> ElementTree.Element:
    """The root element. Raises FormatError for what is no XML, or declares a document type."""
    text = read_text(path, expected)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise FormatError(path, "declares a document type, which no such file does", expected)
    try:
        return ElementTree.fromstring(text)  # noqa: S314 (without declarations nothing expands)
    except (ElementTree.ParseError, ValueError) as error:
        raise FormatError(path, f"is no XML ({error})", expected) from None
