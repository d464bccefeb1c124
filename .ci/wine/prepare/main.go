// Command prepare gives Go programs what they miss under Wine 8: a system
// library, and an overlay for go build that makes the standard library take no
// for an answer.
//
//	prepare -system .../drive_c/windows/system32 -overlay FILE.json
//
// It writes the files that the overlay names beside it.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("prepare: ")
	system := flag.String("system", "", "the `folder` of Wine's system libraries")
	overlay := flag.String("overlay", "", "the `file` to write the overlay to")
	flag.Parse()
	if *system == "" || *overlay == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := addLibrary(filepath.Join(*system, libraryName)); err != nil {
		log.Fatal(err)
	}
	if err := writeOverlay(*overlay); err != nil {
		log.Fatal(err)
	}
}

// addLibrary leaves a library alone that Wine brings itself.
func addLibrary(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	image, err := library()
	if err != nil {
		return err
	}
	return os.WriteFile(path, image, 0o644)
}
