"""Pictures of a graph: Mermaid, Graphviz' dot and SVG. Pure, but for the layout that a library computes."""
