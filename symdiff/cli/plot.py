"""x"""

import click


@click.command("plot")
def plot_command() -> None: ...
