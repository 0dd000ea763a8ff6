/** A naive model of the engine, and the random-operation test that holds the engine against it. */
@NullMarked
package dev.sluice.flowcontrol.model;

import org.jspecify.annotations.NullMarked;
