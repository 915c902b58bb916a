#pragma once

/// How often this program has called operator new, on all threads.
long allocations();

/// Most bytes held at once since the last call of forget_peak, beyond those held then.
long peak_bytes();
void forget_peak();
