package main

// Main is the program, for the test binary that is to be it.
var Main = main
