@NullMarked
package dev.sluice.flowcontrol.reading;

import org.jspecify.annotations.NullMarked;
