/** Tests of the demo, as a user runs it. */
@NullMarked
package dev.sluice.server.demo;

import org.jspecify.annotations.NullMarked;
