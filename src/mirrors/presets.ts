// Mirrors by the name of who runs them. Plain JavaScript without types: host/program.mjs reads it before anything can be compiled.
//
// The keys are distributions (debian …) and kinds of packages; `then` names presets whose addresses come after its addresses.
// Where each address stands (looked up in 2026): [C] chsrc, github.com/RubyMetric/chsrc, July; [L] linuxmirrors.cn, June; [U] the
// help pages of USTC, github.com/ustclug/mirrorhelp, June; [A] developer.aliyun.com/mirror; [D] github.com/DaoCloud/public-image-mirror,
// August; [T] Tencent Cloud's own documents of its SDK for Go. None could be asked when this was written: each call asks them.
//
// Debian's are plain HTTP: its images come without certificates, and its packages are signed.
//
// Mirrors of Docker Hub have mostly ended. registry.docker-cn.com does not answer since 2019 (github.com/docker/docs/issues/8793);
// docker.mirrors.ustc.edu.cn was for its campus alone since 2022 and closed on 2024-06-06 [U], as did those of SJTU and NJU [C];
// TUNA never had one. Aliyun and Huawei give each account its own address, so there is none to name here.
export const mirrorPresets = {
  // All that is available without an account, the broadest first.
  china: {
    // By Qiniu [C].
    go: "https://goproxy.cn",
    // DaoCloud has what is on its list of allowed images [D]; the other two: [L], 1panel's from inside China only.
    docker: ["docker.m.daocloud.io", "docker.1ms.run", "docker.1panel.live"],
    then: ["aliyun", "tuna", "ustc", "tencent", "huawei"],
  },
  aliyun: {
    debian: "http://mirrors.aliyun.com/debian", // [C] [L]
    anolis: "https://mirrors.aliyun.com/anolis", // [C]
    openeuler: "https://mirrors.aliyun.com/openeuler", // [C]
    opensuse: "https://mirrors.aliyun.com/opensuse", // [C]
    alpine: "https://mirrors.aliyun.com/alpine", // [C]
    go: "https://mirrors.aliyun.com/goproxy", // [C]
    maven: "https://maven.aliyun.com/repository/public", // [A]
    // npmmirror, once registry.npm.taobao.org, runs at Aliyun [C].
    npm: "https://registry.npmmirror.com",
    pypi: "https://mirrors.aliyun.com/pypi/simple", // [C]
    cargo: "https://mirrors.aliyun.com/crates.io-index", // [A] [C]
  },
  // Tsinghua University. It proxies neither Go modules (github.com/tuna/issues/issues/1726) nor npm.
  tuna: {
    debian: "http://mirrors.tuna.tsinghua.edu.cn/debian", // [C]
    openeuler: "https://mirrors.tuna.tsinghua.edu.cn/openeuler", // [C]
    opensuse: "https://mirrors.tuna.tsinghua.edu.cn/opensuse", // [C]
    alpine: "https://mirrors.tuna.tsinghua.edu.cn/alpine", // [C]
    pypi: "https://mirrors.tuna.tsinghua.edu.cn/pypi/web/simple", // TUNA's present address: github.com/RubyMetric/chsrc/pull/371
    cargo: "https://mirrors.tuna.tsinghua.edu.cn/crates.io-index", // [C]
  },
  // University of Science and Technology of China. Its npm proxy closed on 2026-06-12 [U].
  ustc: {
    debian: "http://mirrors.ustc.edu.cn/debian", // [U]
    openeuler: "https://mirrors.ustc.edu.cn/openeuler", // [U]
    opensuse: "https://mirrors.ustc.edu.cn/opensuse", // [U]
    alpine: "https://mirrors.ustc.edu.cn/alpine", // [U]
    pypi: "https://mirrors.ustc.edu.cn/pypi/simple", // [U]
    cargo: "https://mirrors.ustc.edu.cn/crates.io-index", // [U]
  },
  tencent: {
    debian: "http://mirrors.tencent.com/debian", // [C] [L]
    openeuler: "https://mirrors.tencent.com/openeuler", // [C] [L]
    opensuse: "https://mirrors.tencent.com/opensuse", // [C] [L]
    alpine: "https://mirrors.cloud.tencent.com/alpine", // [C]
    go: "https://mirrors.tencent.com/go", // [T]
    npm: "https://mirrors.cloud.tencent.com/npm", // [C]
    pypi: "https://mirrors.cloud.tencent.com/pypi/simple", // [C]
    // Answers inside Tencent Cloud alone [L].
    docker: "mirror.ccs.tencentyun.com",
  },
  // Its Go proxy does not pass the checksum database on, so a network that has only this one could check nothing
  // (github.com/RubyMetric/chsrc/issues/227): left out.
  huawei: {
    debian: "http://mirrors.huaweicloud.com/debian", // [L]
    openeuler: "https://mirrors.huaweicloud.com/openeuler", // [L]
    opensuse: "https://mirrors.huaweicloud.com/opensuse", // [L]
    alpine: "https://mirrors.huaweicloud.com/alpine", // [C]
    npm: "https://mirrors.huaweicloud.com/repository/npm", // [C]
    pypi: "https://mirrors.huaweicloud.com/repository/pypi/simple", // [C]
    // MongoDB's archives, as versions.yaml names them too.
    archive: "https://mirrors.huaweicloud.com/mongodb/linux",
  },
}
