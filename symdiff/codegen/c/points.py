"""The loop over points around a C function of numbers."""

from __future__ import annotations

from .function import Function

#: Points that are computed together, in arrays that fit the cache.
BLOCK = 256

_POINTS = """#include <stddef.h>

/* {name} at n points: in[k][i*step[k]] is argument k at point i, out[k][i] result k there. */
void {name}_points(size_t n, const real *const *in, const ptrdiff_t *step, real *const *out)
{{
    real read[{least}][{block}], made[{outs}][{block}];
    for (size_t start = 0; start < n; start += {block}) {{
        const size_t m = n - start < {block} ? n - start : {block}, whole = (m + 15)/16*16;
        const real *from[{least}];
        real *to[{outs}];
        for (int k = 0; k < {ins}; k++) {{
            from[k] = in[k] + (ptrdiff_t)start*step[k];
            if (step[k] != 1 || m != whole) {{
                for (size_t i = 0; i < whole; i++)
                    read[k][i] = from[k][(ptrdiff_t)(i < m ? i : m - 1)*step[k]];
                from[k] = read[k];
            }}
        }}
        for (int k = 0; k < {outs}; k++)
            to[k] = m == whole ? out[k] + start : made[k];
{pointers}#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
        for (size_t i = 0; i < whole; i++)
            {call}
        for (int k = 0; k < {outs} && m != whole; k++)
            for (size_t i = 0; i < m; i++)
                out[k][start + i] = made[k][i];
    }}
}}
"""


def point_loop(function: Function) -> str:
    """A function ``NAME_points`` that calls the function for every point, in blocks.

    Their length is a multiple of 16, the last block is filled up, so that a point's value does not depend on how many
    there are.
    """
    ins, outs = len(function.inputs), len(function.out)
    pointers = [f"        const real *restrict const p{k} = from[{k}];\n" for k in range(ins)]
    pointers += [f"        real *restrict const q{k} = to[{k}];\n" for k in range(outs)]
    values = [f"p{k}[i]" for k in range(ins)] + [f"&q{k}[i]" for k in range(outs)]
    return _POINTS.format(
        name=function.name,
        ins=ins,
        outs=outs,
        least=max(1, ins),
        block=BLOCK,
        pointers="".join(pointers),
        call=f"{function.name}({', '.join(values)});",
    )
