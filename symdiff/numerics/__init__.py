"""Values with 50 digits and more, errors of code in ulps, and whether two formulas agree."""
