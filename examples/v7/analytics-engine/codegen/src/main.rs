//! Writes src/NAME.rs of a program from each proto/NAME.proto of it: the messages, the client and the server.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("codegen/ has no folder above it")?;
    let program = std::env::args().nth(1).map_or(own.to_owned(), PathBuf::from);
    for entry in std::fs::read_dir(program.join("proto"))? {
        let file = entry?.path();
        let name = file.file_stem().ok_or("a file of proto/ has no name")?;
        let made = std::env::temp_dir().join(format!("codegen-{}", std::process::id()));
        std::fs::create_dir_all(&made)?;
        let files = protox::compile([&file], [program.join("proto")])?;
        tonic_prost_build::configure().out_dir(&made).compile_fds(files)?;
        let modules = std::fs::read_dir(&made)?.collect::<Result<Vec<_>, _>>()?;
        let [module] = modules.as_slice() else { return Err("a file of proto/ has one package".into()) };
        std::fs::copy(module.path(), program.join("src").join(name).with_extension("rs"))?;
        std::fs::remove_dir_all(&made)?;
    }
    Ok(())
}
