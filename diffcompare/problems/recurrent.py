"""ADBench's long short-term memory: a model of characters whose gates multiply element by element, with its gradient.

A layer has weights w and biases z of four blocks of b, reads the output x of the layer below, and keeps h and c::

    F = sig(x w1 + z1)   I = sig(h w2 + z2)   O = sig(x w3 + z3)   G = tanh(h w4 + z4)
    c' = c F + I G,   h' = O tanh(c'),   the next layer's x = h'

With the input x = a0 s_t and y = a1 h' + a2, the loss is the mean over t and bits of -s_{t+1} (y - ln(2 + sum exp y));
the 2 is the original's.

References
----------
Srajer, Kukelova and Fitzgibbon 2018, doi:10.1080/10556788.2018.1435651; github.com/microsoft/ADBench, objective LSTM.
"""

import numpy as np

from diffcompare.ops.exponential import sigmoid


def recurrent_loss(main: np.ndarray, extra: np.ndarray, state: np.ndarray, sequence: np.ndarray) -> float:
    """The loss of the module's formula.

    Parameters
    ----------
    main : ndarray, shape (2 l, 4 b)
        Weights and biases of each layer in turn.
    extra : ndarray, shape (3, b)
        a0, a1 and a2.
    state : ndarray, shape (2 l, b)
        Hidden and cell of each layer in turn, before the first character.
    sequence : ndarray, shape (c, b)
        The bits of each character.
    """
    layers, b, count = main.shape[0] // 2, extra.shape[1], sequence.shape[0]
    hidden, cell = [state[2 * i] for i in range(layers)], [state[2 * i + 1] for i in range(layers)]
    gates = [[(main[2 * i, k * b : (k + 1) * b], main[2 * i + 1, k * b : (k + 1) * b]) for k in range(4)]
             for i in range(layers)]  # fmt: skip
    total = 0.0
    for t in range(count - 1):
        x = extra[0] * sequence[t]
        for i in range(layers):
            (w1, z1), (w2, z2), (w3, z3), (w4, z4) = gates[i]
            kept = cell[i] * sigmoid(x * w1 + z1)
            cell[i] = kept + sigmoid(hidden[i] * w2 + z2) * np.tanh(hidden[i] * w4 + z4)
            x = hidden[i] = sigmoid(x * w3 + z3) * np.tanh(cell[i])
        y = extra[1] * x + extra[2]
        total = total + np.sum(sequence[t + 1] * (y - np.log(2.0 + np.sum(np.exp(y)))))
    return -total / ((count - 1) * b)


def recurrent_gradient(
    main: np.ndarray, extra: np.ndarray, state: np.ndarray, sequence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives in `main` and `extra` by back-propagation through time."""
    layers, b, count = main.shape[0] // 2, extra.shape[1], sequence.shape[0]
    blocks = main.reshape(layers, 2, 4, b)
    kept = _forward(blocks, extra, state, sequence)
    blocks_bar, extra_bar = np.zeros_like(blocks), np.zeros_like(extra)
    hidden_bar, cell_bar = np.zeros((layers, b)), np.zeros((layers, b))
    for t in reversed(range(count - 1)):
        top, y = kept[t][-1][-1], extra[1] * kept[t][-1][-1] + extra[2]
        powers = np.exp(y)
        y_bar = np.sum(sequence[t + 1]) * powers / (2.0 + powers.sum()) - sequence[t + 1]
        y_bar = y_bar / ((count - 1) * b)
        extra_bar[1:] += y_bar * top, y_bar
        x_bar = y_bar * extra[1]
        for i in reversed(range(layers)):
            x, h, c, forget, ingate, output, change, cell, _ = kept[t][i]
            hidden_bar[i] += x_bar
            flat = np.tanh(cell)
            cell_bar[i] += hidden_bar[i] * output * (1.0 - flat**2)
            slopes = np.stack([
                cell_bar[i] * c * forget * (1.0 - forget), cell_bar[i] * change * ingate * (1.0 - ingate),
                hidden_bar[i] * flat * output * (1.0 - output), cell_bar[i] * ingate * (1.0 - change**2),
            ])  # fmt: skip
            blocks_bar[i, 0] += slopes * np.stack([x, h, x, h])
            blocks_bar[i, 1] += slopes
            x_bar = slopes[0] * blocks[i, 0, 0] + slopes[2] * blocks[i, 0, 2]
            hidden_bar[i] = slopes[1] * blocks[i, 0, 1] + slopes[3] * blocks[i, 0, 3]
            cell_bar[i] = cell_bar[i] * forget
        extra_bar[0] += x_bar * sequence[t]
    return blocks_bar.reshape(main.shape), extra_bar


def _forward(
    blocks: np.ndarray, extra: np.ndarray, state: np.ndarray, sequence: np.ndarray
) -> list[list[tuple[np.ndarray, ...]]]:
    """For each step and layer: x, h and c as they come in, F, I, O, G, and c' and h' as they go out."""
    layers = blocks.shape[0]
    hidden, cell = list(state[0::2]), list(state[1::2])
    kept: list[list[tuple[np.ndarray, ...]]] = []
    for s in sequence[:-1]:
        x, row = extra[0] * s, list[tuple[np.ndarray, ...]]()
        for i in range(layers):
            w, z = blocks[i]
            h, c = hidden[i], cell[i]
            forget, ingate, output = (1.0 / (1.0 + np.exp(-(v * w[k] + z[k]))) for v, k in ((x, 0), (h, 1), (x, 2)))
            change = np.tanh(h * w[3] + z[3])
            cell[i] = c * forget + ingate * change
            hidden[i] = output * np.tanh(cell[i])
            row.append((x, h, c, forget, ingate, output, change, cell[i], hidden[i]))
            x = hidden[i]
        kept.append(row)
    return kept
