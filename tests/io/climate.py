"""Makes climate.nc: packed variables as NetCDF has them, and what xarray makes of them in the group "decoded".

    climate.py climate.nc       needs netCDF4 and xarray (made with 1.7.5 and 2026.9.0); the test itself needs neither
"""
import sys

import netCDF4
import numpy
import xarray

path = sys.argv[1]
rng = numpy.random.default_rng(3)
with netCDF4.Dataset(path, "w") as file:
    file.set_auto_maskandscale(False)
    file.title = "packed variables"
    file.createDimension("time", None)
    file.createDimension("lat", 3)
    file.createDimension("lon", 5)  # without a variable
    time = file.createVariable("time", "f8", ("time",))
    time.units = "days since 2000-01-01"
    lat = file.createVariable("lat", "f4", ("lat",))

    def variable(name, dtype, dims, values, fill=None, zlib=False, **attributes):
        v = file.createVariable(name, dtype, dims, fill_value=fill, zlib=zlib, shuffle=zlib)
        v.set_auto_maskandscale(False)
        for key, value in attributes.items():
            setattr(v, key, value)
        v[:] = values

    time[:] = numpy.arange(4.0)
    lat[:] = [-30, 0, 30]
    box = ("time", "lat", "lon")
    packed = rng.integers(-30000, 30000, (4, 3, 5)).astype("i2")
    packed[1, 2, 3] = packed[0, 0, 0] = -32768
    variable("t", "i2", box, packed, fill=numpy.int16(-32768), zlib=True, scale_factor=0.01, add_offset=273.15, units="K")
    bytes_ = rng.integers(-128, 128, (3, 5)).astype("i1")
    bytes_[1, 1] = -1
    variable("cloud", "i1", ("lat", "lon"), bytes_, fill=numpy.int8(-1), _Unsigned="true", scale_factor=numpy.float32(0.5))
    reals = rng.normal(size=(4, 3)).astype("f4")
    reals[0, 0], reals[1, 1], reals[2, 2] = 1e20, -999, numpy.nan
    variable("wind", "f4", ("time", "lat"), reals, fill=numpy.float32(1e20), missing_value=numpy.float32(-999))
    variable("count", "i4", ("lon",), numpy.array([1, 2 ** 31 - 1, -7, 0, 2 ** 24 + 1], "i4"), fill=numpy.int32(2 ** 31 - 1))
    variable("flag", "u1", ("lon",), numpy.array([0, 1, 255, 254, 7], "u1"), missing_value=numpy.uint8(255))
    variable("height", "i4", ("lat",), numpy.array([10, 20, 30], "i4"), add_offset=numpy.float64(-5))
    variable("plain", "f8", ("lat",), numpy.array([1.5, -2, 3]))

with xarray.open_dataset(path, mask_and_scale=True, decode_times=False, engine="netcdf4") as data:
    decoded = {name: (v.dims, v.values) for name, v in data.load().variables.items()}
with netCDF4.Dataset(path, "a") as file:
    group = file.createGroup("decoded")
    for name, (dims, values) in decoded.items():
        if name in ("time", "lat"):
            continue
        group.createVariable(name, values.dtype, dims, fill_value=False)[:] = values
        print(name, values.dtype)
