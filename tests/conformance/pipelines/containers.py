"""Programs of one's own: placeholders for values, files and parts that are only there with a value."""

from kfp import dsl


@dsl.container_component
def write(text: str, out: dsl.OutputPath(str), extra: str = None):
    return dsl.ContainerSpec(
        image="python:3.11",
        command=[
            "sh",
            "-ec",
            'mkdir -p "$(dirname "$1")"; shift_to="$1"; shift; printf "%s " "$@" > "$shift_to"',
            "sh",
        ],
        args=[
            out,
            dsl.ConcatPlaceholder(["--text=", text]),
            dsl.IfPresentPlaceholder(input_name="extra", then=["--extra", extra], else_=["--plain"]),
        ],
    )


@dsl.component
def retried(text: str) -> str:
    return text.strip()


@dsl.pipeline(name="containers")
def pipeline(text: str = "$(HOME) $$ 'q'") -> str:
    plain = write(text=text).set_env_variable("COLOUR", "blue")
    write(text="b", extra="c")
    return retried(text=plain.outputs["out"]).set_retry(2).set_caching_options(enable_caching=False).output


ROWS = ("container components", "IfPresent", "Concat", "output files", "env", "retries", "caching off")
OUTPUTS = {"Output": "--text=$(HOME) $$ 'q' --plain"}
TASKS = {"write-2": {"out": "--text=b --extra c "}}
