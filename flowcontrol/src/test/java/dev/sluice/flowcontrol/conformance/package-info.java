/**
 * What every plugin must do, as tests to extend: one suite for each SPI interface, and fakes of
 * what the engine would pass in.
 */
@NullMarked
package dev.sluice.flowcontrol.conformance;

import org.jspecify.annotations.NullMarked;
