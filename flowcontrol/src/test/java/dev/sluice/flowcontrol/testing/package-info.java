/** Fakes for tests of the engine and of whatever is built on it. */
@NullMarked
package dev.sluice.flowcontrol.testing;

import org.jspecify.annotations.NullMarked;
