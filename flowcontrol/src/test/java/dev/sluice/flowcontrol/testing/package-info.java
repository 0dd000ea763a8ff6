/** Fakes for tests of the engine and of code that is built on it. */
@NullMarked
package dev.sluice.flowcontrol.testing;

import org.jspecify.annotations.NullMarked;
