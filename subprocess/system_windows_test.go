package subprocess_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/windows"

	"github.com/tidemill-go/tidemill/platform"
	"github.com/tidemill-go/tidemill/subprocess"
)

var _ = DescribeTable("Spec.Check on Windows refuses what there is not",
	func(field string, spec subprocess.Spec) {
		spec.Path = "x"
		Expect(spec.Check()).To(MatchError(errors.ErrUnsupported))
		Expect(spec.Check()).To(MatchError(ContainSubstring("Spec." + field + " on Windows")))
		spec.Path = ""
		Expect(spec.CheckShell("x")).To(MatchError(errors.ErrUnsupported))
	},
	Entry("sessions", "NewSession", subprocess.Spec{NewSession: true}),
	Entry("process groups to join", "ProcessGroup", subprocess.Spec{ProcessGroup: 1}),
	Entry("other users", "Credential", subprocess.Spec{Credential: &subprocess.Credential{}}),
	Entry("extra files", "ExtraFiles", subprocess.Spec{ExtraFiles: []*os.File{os.Stdout}}),
	Entry("PTYs", "PTY", subprocess.Spec{PTY: &subprocess.PTY{}}),
)

var _ = Describe("the shell of Windows", func() {
	It("is COMSPEC, with its window hidden and the command line as it is between the outer quotes", func() {
		GinkgoT().Setenv("COMSPEC", `D:\some shell\cmd.exe`)
		line, hidden := subprocess.CommandLine(subprocess.Spec{}.Shell(`say "a b" & exit 3`))
		Expect(line).To(Equal(`"D:\some shell\cmd.exe" /d /s /c "say "a b" & exit 3"`))
		Expect(hidden).To(BeTrue())
	})

	It("is the system's own where there is no COMSPEC, and not one that a search finds", func() {
		GinkgoT().Setenv("COMSPEC", "")
		system, err := windows.GetSystemDirectory()
		Expect(err).NotTo(HaveOccurred())
		Expect(subprocess.Spec{}.Shell("x").Path).To(Equal(filepath.Join(system, "cmd.exe")))
	})

	It("is not meant where somebody starts it as a program", func() {
		line, hidden := subprocess.CommandLine(subprocess.Spec{Path: os.Getenv("COMSPEC"), Args: []string{"/c", "a b"}})
		Expect(line).To(BeEmpty())
		Expect(hidden).To(BeFalse())
	})
})

var _ = Describe("the search for a program on Windows", func() {
	var one, two string
	program := func(dir, name string) string {
		GinkgoHelper()
		path := filepath.Join(dir, name)
		Expect(os.WriteFile(path, nil, 0o700)).To(Succeed())
		return path
	}
	fails := func(spec subprocess.Spec) error {
		GinkgoHelper()
		_, err := subprocess.Find(spec)
		var e *os.PathError
		Expect(errors.As(err, &e)).To(BeTrue())
		Expect(e.Path).To(Equal(spec.Path))
		return err
	}
	BeforeEach(func() {
		one, two = GinkgoT().TempDir(), GinkgoT().TempDir()
		GinkgoT().Setenv("PATHEXT", ".EXE;.CMD")
	})

	It("goes by PATH and PATHEXT, in their order", func() {
		program(two, "tool.exe")
		first := program(one, "tool.cmd")
		GinkgoT().Setenv("PATH", one+";"+two)
		Expect(subprocess.Find(subprocess.Spec{Path: "tool"})).To(BeEquivalentTo(first))
		best := program(one, "tool.exe")
		Expect(subprocess.Find(subprocess.Spec{Path: "tool"})).To(BeEquivalentTo(best))
		Expect(subprocess.Find(subprocess.Spec{Path: "tool.cmd"})).To(BeEquivalentTo(first))
	})

	It("goes by the child's PATH if it has one, however that is written", func() {
		program(one, "tool.exe")
		theirs := program(two, "tool.exe")
		GinkgoT().Setenv("PATH", one)
		Expect(subprocess.Find(subprocess.Spec{Path: "tool", Env: []string{"A=1", "Path=" + two, "PATH=" + one}})).To(Equal(theirs))
		Expect(fails(subprocess.Spec{Path: "tool", Env: []string{}})).To(MatchError(fs.ErrNotExist))
	})

	It("does not look into relative directories, nor the working directory, and says what it has passed over", func() {
		program(one, "tool.exe")
		GinkgoT().Chdir(one)
		for _, path := range []string{"", ".", `;.\;` + two} {
			GinkgoT().Setenv("PATH", path)
			Expect(fails(subprocess.Spec{Path: "tool"})).To(MatchError(exec.ErrDot))
		}
		Expect(fails(subprocess.Spec{Path: "other"})).To(MatchError(fs.ErrNotExist))
	})

	It("finds the extension of a path, from the child's directory if it is relative", func() {
		full := program(one, "tool.exe")
		Expect(subprocess.Find(subprocess.Spec{Path: filepath.Join(one, "tool")})).To(Equal(full))
		Expect(subprocess.Find(subprocess.Spec{Path: `.\tool`, Dir: one})).To(Equal(`.\tool.exe`))
		Expect(subprocess.Find(subprocess.Spec{Path: full, Dir: two})).To(Equal(full))
		GinkgoT().Chdir(one)
		Expect(subprocess.Find(subprocess.Spec{Path: `./tool`})).To(Equal(`./tool.exe`))
	})

	It("leaves a path alone where no extension helps, for the system to say what is wrong", func() {
		Expect(os.Mkdir(filepath.Join(one, "folder.exe"), 0o700)).To(Succeed())
		for _, path := range []string{`C:\no\such\program.exe`, `.\tool`, filepath.Join(one, "folder.exe")} {
			Expect(subprocess.Find(subprocess.Spec{Path: path, Dir: two})).To(Equal(path))
		}
		Expect(fails(subprocess.Spec{Path: "no-such-program"})).To(MatchError(syscall.ENOENT))
	})
})

var _ = Describe("a stream of the parent's own on Windows", func() {
	It("is the standard handle, in package os's file", func() {
		handle, file, done, err := subprocess.Inherited(1)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(done)
		Expect(file).To(BeIdenticalTo(os.Stdout))
		Expect(windows.GetStdHandle(windows.STD_OUTPUT_HANDLE)).To(Equal(handle))
	})

	// standard makes another handle the standard input, until the end of the spec.
	standard := func(handle windows.Handle) {
		GinkgoHelper()
		before, err := windows.GetStdHandle(windows.STD_INPUT_HANDLE)
		Expect(err).NotTo(HaveOccurred())
		Expect(windows.SetStdHandle(windows.STD_INPUT_HANDLE, handle)).To(Succeed())
		DeferCleanup(windows.SetStdHandle, uint32(windows.STD_INPUT_HANDLE), before)
	}

	It("is a copy of a handle that package os does not have", func() {
		ours, theirs, err := platform.ChildPipe(true)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(windows.CloseHandle, windows.Handle(ours))
		DeferCleanup(windows.CloseHandle, windows.Handle(theirs))
		standard(windows.Handle(theirs))
		handle, file, done, err := subprocess.Inherited(0)
		Expect(err).NotTo(HaveOccurred())
		Expect(handle).NotTo(Equal(windows.Handle(theirs)))
		Expect(windows.GetFileType(handle)).To(BeEquivalentTo(windows.FILE_TYPE_PIPE))
		done()
		Expect(file.Close()).To(MatchError(os.ErrClosed))
	})

	It("is none where the parent has none, which is not a handle of the parent itself", func() {
		for _, none := range []windows.Handle{0, windows.InvalidHandle} {
			standard(none)
			handle, file, done, err := subprocess.Inherited(0)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(done)
			Expect(handle).To(BeZero())
			Expect(file.Fd()).To(BeZero())
		}
	})
})
