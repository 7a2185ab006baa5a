"""Control flow, one policy per file: each looks at nodes and says what follows, and changes nothing else."""
