/** End-to-end tests with real, unmodified clients, and rules about the whole repository. */
@NullMarked
package dev.sluice.e2e;

import org.jspecify.annotations.NullMarked;
