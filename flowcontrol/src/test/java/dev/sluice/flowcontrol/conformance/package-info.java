/**
 * The rules for every plugin, as tests to extend: one suite for each SPI interface, and fakes of
 * the objects that the engine passes in.
 */
@NullMarked
package dev.sluice.flowcontrol.conformance;

import org.jspecify.annotations.NullMarked;
