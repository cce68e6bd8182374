// Command assay proves whether data agrees across systems.
package main

import "os"

func main() { os.Exit(Do(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
