"""RDF written as RDF/XML with the standard library (https://www.w3.org/TR/rdf-syntax-grammar/).

Here: things, links and texts as nested elements. Not here: what is said of a release (dcat).
"""

from xml.etree import ElementTree as ET

NAMESPACES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "odrs": "http://schema.theodi.org/odrs#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
}
XSD = "http://www.w3.org/2001/XMLSchema#"
XML = "{http://www.w3.org/XML/1998/namespace}"


class Graph:
    """One document. Names are written ``prefix:name``; addresses may be relative, to ``base`` or else to where the document is fetched."""

    def __init__(self, base: str | None):
        for prefix, uri in NAMESPACES.items():
            ET.register_namespace(prefix, uri)
        self._root = ET.Element(_name("rdf:RDF"))
        if base:
            self._root.set(f"{XML}base", base)

    def add(self, kind: str, about: str) -> ET.Element:
        return ET.SubElement(self._root, _name(kind), {_name("rdf:about"): about})

    def inside(self, node: ET.Element, property_name: str, kind: str) -> ET.Element:
        """A thing without an address of its own."""
        return ET.SubElement(ET.SubElement(node, _name(property_name)), _name(kind))

    def link(self, node: ET.Element, property_name: str, uri: str) -> None:
        ET.SubElement(node, _name(property_name), {_name("rdf:resource"): uri})

    def text(self, node: ET.Element, property_name: str, value: str, lang: str | None = None, datatype: str | None = None) -> None:
        attributes = {f"{XML}lang": lang} if lang else {}
        if datatype:
            attributes[_name("rdf:datatype")] = XSD + datatype
        ET.SubElement(node, _name(property_name), attributes).text = value

    def to_bytes(self) -> bytes:
        ET.indent(self._root)
        return ET.tostring(self._root, encoding="utf-8", xml_declaration=True) + b"\n"


def _name(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
