"""What people write (native specs, component.yaml) read into the graph, with every mistake named."""
