"""Expectation values for people: sampled ones never without their error."""

from proxima_client.result import Result
from proxima_client.values import ExpectationValue

from proxima_cli.output.printing import add_row, counted, new_table, print_line, print_table

__all__ = ["print_expectation_values"]


def print_expectation_values(result: Result, *, boxed: bool) -> None:
    """Print a table of the expectation values, with standard error and 95 % interval where they were sampled."""
    sampled = any(value.standard_error is not None for value in result.expectation_values)
    precision = f"up to {result.producer.precision} precision"
    if sampled:
        runs = result.plan.shots if result.plan else 0
        lead = f"Expectation values, sampled over {counted(runs, 'run')}" if runs else "Expectation values, sampled"
    elif result.certified_error:
        lead = f"Expectation values of a state within {result.certified_error:.3g} of the exact one (trace distance)"
    else:
        lead = f"Expectation values, exact {precision}"
    print_line(lead)
    digits = 6 if result.producer.precision == "single" else 8
    columns = ["observable", "value>"]
    if sampled:
        columns += ["standard error>", "95 % interval"]
    table = new_table(columns, boxed=boxed)
    for value in result.expectation_values:
        cells = [value.name, f"{value.value:.{digits}g}"]
        if sampled:
            cells.append("" if value.standard_error is None else f"{value.standard_error:.2g}")
            cells.append(_interval(value))
        add_row(table, *cells)
    print_table(table)
    if sampled:
        print_line("Intervals are 1.96 standard errors to both sides, pointwise.")
    if result.readout_included:
        print_line("Readout error is in counts and probabilities, never in expectation values.")


def _interval(value: ExpectationValue) -> str:
    """Return the 95 % interval in words; runs that all gave one value bound nothing by their spread."""
    if value.interval is None:
        return "exact"
    if value.standard_error == 0:
        return "none: all runs gave this value"
    low, high = value.interval
    return f"{low:.4f} to {high:.4f}"
