"""x"""

import click


@click.command("graph")
def graph_command() -> None: ...
