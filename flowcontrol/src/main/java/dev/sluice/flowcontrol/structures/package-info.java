/** Data structures that the engine and the built-in plugins share. Not exported. */
@NullMarked
package dev.sluice.flowcontrol.structures;

import org.jspecify.annotations.NullMarked;
